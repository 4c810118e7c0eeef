"use strict";exports.id=937,exports.ids=[937],exports.modules={937:((P,E,_)=>{_.d(E,{fromEnv:()=>s.g});var s=_(367),D=_(285),M=_(746),O=_(306),K=_(109)})};
