"use strict";exports.id=862,exports.ids=[862],exports.modules={5862:((O,E,_)=>{_.d(E,{fromEnv:()=>M.g});var M=_(7283),s=_(849),P=_(6741),D=_(3026),C=_(8159),n=_(8751),B=_(7524)})};
